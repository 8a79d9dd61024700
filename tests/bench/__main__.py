"""`make bench`: the product against its baselines, embedded and on the stack.

Every figure is the median of several runs, with the lowest and the highest beside it; what is compared is
measured in turns, in the same minutes.
"""

import argparse
import os

from tests.bench.channels_baseline.chat import PACKAGES
from tests.bench.figures import print_machine, spread
from tests.bench.growth import measure_growth
from tests.bench.live import LiveSizes, measure_live, measure_live_embedded
from tests.bench.pages import measure_pages
from tests.bench.posts import measure_posts
from tests.bench.sizes import Sizes
from tests.bench.stack import measure_stack
from tests.bench.ways import CLIENTS, INSERT, PRODUCT, Crowd
from tests.site import Site

SETTINGS = "tests.bench.settings"  # with the baselines of posts
PLAIN = "chatsite.settings"
MODES = ("embedded", "stack", "growth", "live")
EMBEDDED_HISTORY = 1_000_000  # messages at most: only pages are measured with it


def measure_embedded(site: Site, sizes: Sizes) -> None:
    """Measure posts against baseline (a), and pages by the length of the channel."""
    crowd = Crowd(site, [PRODUCT, INSERT])
    product, insert = measure_posts(site, crowd, [PRODUCT, INSERT], posts=sizes.posts, runs=sizes.runs)
    ratio = [a.per_second / b.per_second for a, b in zip(product.loads, insert.loads, strict=True)]
    print(f"  the product takes {spread(ratio, 2)} times as many posts as (a)")
    measure_pages(site, history=min(sizes.history, EMBEDDED_HISTORY), runs=sizes.runs)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=MODES, help="measure this one alone (default: all)")
    parser.add_argument("--runs", type=int, default=3, help="of each kind (default: %(default)s)")
    parser.add_argument("--posts", type=int, default=3_000, help="in each run (default: %(default)s)")
    parser.add_argument("--queued", type=int, default=20_000, help="in a full queue (default: %(default)s)")
    parser.add_argument("--burst", type=int, default=20_000, help="posts at once (default: %(default)s)")
    parser.add_argument(
        "--history", type=int, default=1_000_000, help="messages in a long channel (default: %(default)s)"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="default: one per core")
    live = parser.add_argument_group("live")
    live.add_argument("--seconds", type=float, default=20, help="of each run (default: %(default)s)")
    live.add_argument("--receivers", type=int, nargs="+", default=[200, 1_000])
    live.add_argument("--streams", type=int, nargs="+", default=[1_000, 5_000, 10_000], help="that are idle")
    live.add_argument("--channels", type=int, default=10_000, help="in the site (default: %(default)s)")
    options = parser.parse_args()
    needs_services = options.only != "embedded"
    if needs_services and not (os.environ.get("DATABASE_URL") and os.environ.get("BROKER_URL")):
        parser.error(
            "DATABASE_URL and BROKER_URL are not set: use `make bench`, which starts the services, "
            "or --only embedded"
        )
    if options.only in (None, "live") and not os.environ.get(PACKAGES):
        parser.error(f"{PACKAGES} is not set: use `make bench`, which installs what the baseline needs")
    return options


def run_embedded(options: argparse.Namespace) -> None:
    print(f"embedded, {CLIENTS} clients:", flush=True)
    with Site.embedded(DJANGO_SETTINGS_MODULE=SETTINGS) as site, site.explained():
        measure_embedded(site, posting_sizes(options))


def run_stack(options: argparse.Namespace) -> None:
    print(f"stack, {CLIENTS} clients, {options.workers} workers:", flush=True)
    with Site.stack(workers=options.workers, DJANGO_SETTINGS_MODULE=SETTINGS) as site, site.explained():
        measure_stack(site, posting_sizes(options))


def run_growth(options: argparse.Namespace) -> None:
    print(f"growth, {CLIENTS} clients, {options.workers} workers:", flush=True)
    measure_growth(posting_sizes(options), workers=options.workers, settings=SETTINGS)


def run_live(options: argparse.Namespace) -> None:
    sizes = LiveSizes(
        runs=options.runs,
        seconds=options.seconds,
        receivers=options.receivers,
        streams=sorted(options.streams),
        channels=options.channels,
        history=options.history,
    )
    print("live, embedded:", flush=True)
    with Site.embedded(DJANGO_SETTINGS_MODULE=PLAIN) as site, site.explained():
        measure_live_embedded(site, sizes)
    print(f"live, stack, {options.workers} workers:", flush=True)
    with Site.stack(workers=options.workers, DJANGO_SETTINGS_MODULE=PLAIN) as site, site.explained():
        measure_live(site, sizes)


def posting_sizes(options: argparse.Namespace) -> Sizes:
    return Sizes(options.runs, options.posts, options.queued, options.burst, options.history)


def main() -> None:
    options = parsed()
    print_machine()
    for mode, run in {
        "embedded": run_embedded,
        "stack": run_stack,
        "growth": run_growth,
        "live": run_live,
    }.items():
        if options.only in (None, mode):
            run(options)


if __name__ == "__main__":
    main()
