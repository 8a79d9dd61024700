"""A cluster of three RabbitMQ nodes loses the one that leads."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.cluster import NODES, Cluster
from tests.faults.conftest import a_folder
from tests.faults.crowd import Crowd
from tests.faults.drill import ENOUGH, FEW_LOGS, LONG, WORKERS, Drill
from tests.site import Site

pytestmark = [pytest.mark.stack, pytest.mark.long]


def test_a_cluster_loses_its_leader_and_goes_on(report: Callable[[str], None]) -> None:
    with (
        Cluster(a_folder("cluster")) as cluster,
        Site.stack(services=cluster.addresses, workers=WORKERS, LOG_LEVEL=FEW_LOGS) as site,
    ):
        drill = Drill(site, cluster.database, Crowd(site), LONG, report)
        prefix = site.environment["QUEUE_PREFIX"]
        assert set(cluster.members(prefix).values()) == {len(NODES)}
        with drill.under_load() as posting:
            [(leader, _queues)] = Counter(cluster.leaders(prefix).values()).most_common(1)
            cluster.nodes[leader].kill("rabbitmq")
            posting.wait_for_more(ENOUGH)
            site.wait_until_ready()
            posting.wait_for_more(ENOUGH, status=202)
            assert leader not in cluster.leaders(prefix).values()
            cluster.nodes[leader].start("rabbitmq")
            drill.last()
