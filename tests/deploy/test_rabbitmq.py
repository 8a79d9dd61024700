"""What a server's RabbitMQ is given: its settings and definitions load, and our queues fit them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kombu
import pytest

from messaging.pipeline.queues import dead_letter_queue, persist_queues
from tests.deploy.scripts import CHECKOUT, run_script
from tests.waiting import wait_for

FILES = CHECKOUT / "deploy" / "rabbitmq"


def control(var: Path, *arguments: str) -> str:
    """What rabbitmqctl prints."""
    done = run_script("services.sh", "rabbitmqctl", "-q", *arguments, var=var)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A RabbitMQ that was set up as deploy/README.md says; the folder of its data."""
    var = tmp_path_factory.mktemp("rabbitmq")
    folder = var / "services" / "rabbitmq"
    folder.mkdir(parents=True)
    # The place where a private RabbitMQ looks for settings of the machine.
    shutil.copy(FILES / "rabbitmq.conf", folder / "none.conf")
    try:
        assert run_script("services.sh", "start", "rabbitmq", var=var).returncode == 0
        # The account is there already; on a server it is made with add_user.
        control(var, "import_definitions", str(FILES / "definitions.json"))
        yield var
    finally:
        run_script("services.sh", "down", "rabbitmq", var=var)


@pytest.fixture
def channel(broker: Path, settings: Any) -> Iterator[Any]:
    """A channel in the site's vhost, in which the workers have declared their queues."""
    settings.QUEUE_PREFIX = "chat"
    secret = (broker / "services" / "rabbitmq" / "password").read_text().strip()
    port = (broker / "services" / "rabbitmq" / "port").read_text().strip()
    with kombu.Connection(f"amqp://chat:{secret}@127.0.0.1:{port}/chat") as connection:
        channel: Any = connection.default_channel
        for queue in (*persist_queues(), dead_letter_queue()):
            queue(channel).declare()
        yield channel


def test_its_settings_are_understood(broker: Path) -> None:
    for name, value in (
        ("disk_free_limit", '"2GB"'),
        ("vm_memory_high_watermark", "0.4"),
        ("heartbeat", "10"),
        ("consumer_timeout", "1800000"),
    ):
        assert control(broker, "eval", f"application:get_env(rabbit, {name}).").strip() == f"{{ok,{value}}}"


def test_the_policy_is_in_force_on_every_persist_queue_and_no_other(broker: Path, channel: Any) -> None:
    listed = json.loads(control(broker, "list_queues", "-p", "chat", "--formatter", "json", "name", "policy"))
    policies = {queue["name"]: queue["policy"] for queue in listed}
    assert {name for name, policy in policies.items() if policy == "persist"} == {
        queue.name for queue in persist_queues()
    }
    assert dead_letter_queue().name in policies


def test_what_the_broker_gives_up_goes_to_the_dead_letters(channel: Any) -> None:
    name = persist_queues()[0].name
    kombu.Producer(channel).publish("given up", routing_key=name)
    channel.basic_consume(name, callback=lambda message: channel.basic_reject(message.delivery_tag, False))
    wait_for(
        lambda: channel.connection.client.drain_events(timeout=5) or True, what="the message from its queue"
    )
    dead = dead_letter_queue().name
    wait_for(
        lambda: channel.queue_declare(dead, passive=True).message_count == 1, what="the message that is dead"
    )


def test_the_example_of_the_settings_names_the_vhost_of_the_definitions() -> None:
    [line] = [
        line
        for line in (CHECKOUT / "deploy" / "env.example").read_text().splitlines()
        if line.startswith("BROKER_URL=")
    ]
    [vhost] = json.loads((FILES / "definitions.json").read_text())["vhosts"]
    url = urlsplit(line.removeprefix("BROKER_URL="))
    assert (url.username, url.path) == ("chat", f"/{vhost['name']}")
