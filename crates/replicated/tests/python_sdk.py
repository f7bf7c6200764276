"""The published SDK, start to finish: customer, instance, metrics, status, version. Arguments: base URL, state folder."""

import sys

from replicated import ReplicatedClient

base_url, state = sys.argv[1:]
with ReplicatedClient(
    publishable_key="replicated_pk_TESTKEY",
    app_slug="openhands-enterprise",
    base_url=base_url,
    state_directory=state,
) as client:
    customer = client.customer.get_or_create("ada@corp.example")
    instance = customer.get_or_create_instance()
    instance.send_metric("total_users", 42)
    instance.send_metric("conversations_30d", 7.5)
    instance.send_metric("plan", "free")
    instance.set_status("ready")
    instance.set_version("1.2.3")
    print(customer.customer_id, instance.instance_id)
