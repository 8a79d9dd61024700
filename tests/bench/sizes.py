"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of one run of the benchmarks.

    Arguments:
        runs: of each kind, of which the median is shown.
        posts: in each run through HTTP.
        queued: envelopes in a full queue.
        burst: posts at once.
        history: messages in a long channel.
    """

    runs: int
    posts: int
    queued: int
    burst: int
    history: int
