"""hvac's own example flows against a server: VAULT_ADDR, VAULT_TOKEN and MOUNT in the environment.

Prints "ok" when everything was as hvac's documentation says; an assertion fails otherwise.
"""
import os

import hvac
from hvac import exceptions

mount = os.environ["MOUNT"]
client = hvac.Client(url=os.environ["VAULT_ADDR"], token=os.environ["VAULT_TOKEN"])
kv = client.secrets.kv.v2
kv2 = {"mount_point": mount}


def refused(kind, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except kind:
        return
    raise AssertionError(f"{call} was not refused with {kind}")


assert client.is_authenticated()
assert client.sys.is_initialized() and not client.sys.is_sealed()
assert client.sys.read_health_status(method="GET")["initialized"]
assert client.sys.read_health_status(method="HEAD").status_code == 200
assert client.sys.read_leader_status()["ha_enabled"] is False
assert f"{mount}/" in client.sys.list_mounted_secrets_engines()["data"]

# Reading and writing
assert kv.create_or_update_secret("hvac/first", {"psst": "this is so secret yall"}, **kv2)["data"]["version"] == 1
read = kv.read_secret_version("hvac/first", raise_on_deleted_version=True, **kv2)
assert read["data"]["data"] == {"psst": "this is so secret yall"} and read["data"]["metadata"]["version"] == 1
kv.create_or_update_secret("hvac/first", {"psst": "2", "n": 3, "deep": {"a": [1, None, True]}}, cas=1, **kv2)
refused(exceptions.InvalidRequest, kv.create_or_update_secret, "hvac/first", {"x": "y"}, cas=1, **kv2)
refused(exceptions.InvalidRequest, kv.create_or_update_secret, "hvac/first", {"x": "y"}, cas=0, **kv2)
assert kv.read_secret_version("hvac/first", version=1, raise_on_deleted_version=True, **kv2)["data"]["data"]["psst"] != "2"
assert kv.read_secret("hvac/first", raise_on_deleted_version=True, **kv2)["data"]["data"]["deep"] == {"a": [1, None, True]}
kv.patch("hvac/first", {"added": "yes"}, **kv2)
patched = kv.read_secret_version("hvac/first", raise_on_deleted_version=True, **kv2)["data"]
assert patched["data"] == {"psst": "2", "n": 3, "deep": {"a": [1, None, True]}, "added": "yes"}
assert patched["metadata"]["version"] == 3
refused(exceptions.InvalidPath, kv.read_secret_version, "hvac/none", raise_on_deleted_version=True, **kv2)
refused(exceptions.InvalidPath, kv.patch, "hvac/none", {"x": "y"}, **kv2)

# Listing
kv.create_or_update_secret("hvac/dir/inner", {"a": "b"}, **kv2)
assert kv.list_secrets("hvac", **kv2)["data"]["keys"] == ["dir/", "first"]
refused(exceptions.InvalidPath, kv.list_secrets, "nothing/here", **kv2)

# Deleting, undeleting, destroying
kv.delete_latest_version_of_secret("hvac/first", **kv2)
refused(exceptions.InvalidPath, kv.read_secret_version, "hvac/first", raise_on_deleted_version=True, **kv2)
deleted = kv.read_secret_version("hvac/first", raise_on_deleted_version=False, **kv2)
assert deleted["data"]["data"] is None and deleted["data"]["metadata"]["deletion_time"] != ""
kv.undelete_secret_versions("hvac/first", versions=[3], **kv2)
kv.read_secret_version("hvac/first", raise_on_deleted_version=True, **kv2)
kv.delete_secret_versions("hvac/first", versions=[1, 2], **kv2)
kv.destroy_secret_versions("hvac/first", versions=[1], **kv2)
versions = kv.read_secret_metadata("hvac/first", **kv2)["data"]["versions"]
assert versions["1"]["destroyed"] and not versions["2"]["destroyed"] and versions["2"]["deletion_time"] != ""

# Metadata and configuration
kv.update_metadata("hvac/first", max_versions=5, cas_required=True, custom_metadata={"owner": "ada"}, **kv2)
metadata = kv.read_secret_metadata("hvac/first", **kv2)["data"]
assert metadata["max_versions"] == 5 and metadata["cas_required"] and metadata["custom_metadata"] == {"owner": "ada"}
refused(exceptions.InvalidRequest, kv.create_or_update_secret, "hvac/first", {"x": "y"}, **kv2)
kv.create_or_update_secret("hvac/first", {"x": "y"}, cas=metadata["current_version"], **kv2)
kv.delete_metadata_and_all_versions("hvac/first", **kv2)
refused(exceptions.InvalidPath, kv.read_secret_metadata, "hvac/first", **kv2)
kv.configure(max_versions=20, **kv2)
assert kv.read_configuration(**kv2)["data"]["max_versions"] == 20

# Policies, tokens
policy = f'path "{mount}/data/hvac/dir/*" {{ capabilities = ["read"] }}'
client.sys.create_or_update_policy(name="hvac-reader", policy=policy)
assert "hvac-reader" in client.sys.list_policies()["data"]["policies"]
assert client.sys.read_policy("hvac-reader")["data"]["rules"] == policy
made = client.auth.token.create(policies=["hvac-reader"], ttl="1h", display_name="reader", meta={"k": "v"})["auth"]
reader = hvac.Client(url=os.environ["VAULT_ADDR"], token=made["client_token"])
assert reader.secrets.kv.v2.read_secret("hvac/dir/inner", raise_on_deleted_version=True, **kv2)["data"]["data"] == {"a": "b"}
refused(exceptions.Forbidden, reader.secrets.kv.v2.list_secrets, "hvac", **kv2)
refused(exceptions.Forbidden, reader.secrets.kv.v2.create_or_update_secret, "hvac/dir/inner", {"c": "d"}, **kv2)
looked_up = reader.auth.token.lookup_self()["data"]
assert looked_up["type"] == "service" and looked_up["meta"] == {"k": "v"} and 0 < looked_up["ttl"] <= 3600
assert reader.auth.token.renew_self(increment="30m")["auth"]["renewable"]
assert client.auth.token.lookup_accessor(made["accessor"])["data"]["accessor"] == made["accessor"]
assert made["accessor"] in client.auth.token.list_accessors()["data"]["keys"]
capabilities = reader.sys.get_capabilities(paths=[f"{mount}/data/hvac/dir/inner"])["data"]
assert capabilities["capabilities"] == ["read"]
client.auth.token.revoke(made["client_token"])
refused(exceptions.Forbidden, reader.auth.token.lookup_self)
client.sys.delete_policy("hvac-reader")

# Response wrapping
wrapped = client.adapter.get(f"/v1/{mount}/data/hvac/dir/inner", wrap_ttl="60s")["wrap_info"]
assert client.sys.unwrap(wrapped["token"])["data"]["data"] == {"a": "b"}
refused(exceptions.InvalidRequest, client.sys.unwrap, wrapped["token"])
refused(exceptions.Forbidden, hvac.Client(url=os.environ["VAULT_ADDR"], token="nonsense").auth.token.lookup_self)
print("ok")
