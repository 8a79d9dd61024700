"""A RabbitMQ cluster of three nodes on this machine, and a MariaDB beside them."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.faults.services import Services

NODES = ("one", "two", "three")


class Cluster:
    """NODES in folders below `folder`, joined; `with` starts and ends them."""

    def __init__(self, folder: Path) -> None:
        first = Services(folder / NODES[0], RABBITMQ_NODE=NODES[0])
        beside = str(first.folder / "rabbitmq")
        self.database = first
        self.nodes = {
            NODES[0]: first,
            **{
                name: Services(folder / name, RABBITMQ_NODE=name, RABBITMQ_BESIDE=beside)
                for name in NODES[1:]
            },
        }
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as started:
            for node in self.nodes.values():
                started.enter_context(node)
                if node is not self.database:
                    node.control_broker("stop_app")
                    node.control_broker("join_cluster", f"{NODES[0]}@localhost")
                    node.control_broker("start_app")
            self._running = started.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._running.close()

    @property
    def addresses(self) -> Mapping[str, str]:
        """DATABASE_URL, and BROKER_URL with every node."""
        brokers = [node.addresses["BROKER_URL"] for node in self.nodes.values()]
        return {**self.database.addresses, "BROKER_URL": ";".join(brokers)}

    def leaders(self, prefix: str) -> dict[str, str]:
        """The node that leads each persist queue of `prefix`, as any node that is alive sees it."""
        for node in self.nodes.values():
            said = node.run("rabbitmqctl", "--quiet", "list_queues", "name", "leader", may_fail=True)
            found = dict(re.findall(rf"^({re.escape(prefix)}\.persist\.\d+)\s+(\w+)@localhost$", said, re.M))
            if found:
                return found
        return {}

    def members(self, prefix: str) -> dict[str, int]:
        """How many nodes have a copy of each persist queue of `prefix`."""
        said = self.nodes[NODES[0]].control_broker("list_queues", "name", "members")
        lines = re.findall(rf"^({re.escape(prefix)}\.persist\.\d+)\s+\[(.*)\]$", said, re.M)
        return {name: nodes.count("@") for name, nodes in lines}
