"""Every scenario that grequests can do; which one is said in the environment.

One session for all requests, with a pool as large as the batch: without, it
opens a connection for every request.
"""
import os
import sys

import grequests
import requests

scenario, url = os.environ["BENCH_SCENARIO"], os.environ["BENCH_URL"]
n, size, length = (int(os.environ["BENCH_" + name]) for name in ("N", "CONNS", "LENGTH"))

session = requests.Session()
session.verify = os.environ["BENCH_CA"]
session.trust_env = False  # looking for proxies would cost it more than the request
adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=size)
session.mount("http://", adapter)
session.mount("https://", adapter)


def build(i):
    if scenario == "scripted":
        return grequests.get(url, session=session, headers={"X-Id": str(i)})
    if scenario == "post":
        return grequests.post(url, session=session, data=body, headers={"Content-Type": "application/json"})
    return grequests.get(url, session=session)


def right(resp):
    if resp.status_code != 200:
        return False
    if scenario == "json":
        return resp.json()["items"][0]["name"] == "item number 0"
    if scenario == "body":
        return len(resp.content) == length
    if scenario == "file":
        with open(os.environ["BENCH_OUT"], "wb") as out:
            for piece in resp.iter_content(1 << 16):
                out.write(piece)
            return out.tell() == length
    return True


body = None
if scenario == "post":
    with open(os.environ["BENCH_BODY"], "rb") as given:
        body = given.read()
failed = []
ok = bad = 0
responses = grequests.imap(
    (build(i) for i in range(n)), stream=scenario == "file", size=size,
    exception_handler=lambda request, err: failed.append(err))
for resp in responses:
    if right(resp):
        ok += 1
    else:
        bad += 1
print(ok, bad + len(failed))
if failed:
    print(failed[0], file=sys.stderr)
