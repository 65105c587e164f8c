"""Reads sessions through sentinels as an application with Spring Session does, and decodes their Java values.

spring_client.py SENTINEL_PORT MASTER_NAME OLD_PORT: each session of the server at OLD_PORT must be at the master with the same
bytes and the same expiry. Prints their number, or the first difference.
"""
import sys

import javaobj.v2 as javaobj
import redis
from redis.sentinel import Sentinel

PREFIX = b"spring:session:sessions:"


def number(value):
    return javaobj.loads(value).value


def main():
    sentinel_port, name, old_port = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    master = Sentinel([("127.0.0.1", sentinel_port)], socket_timeout=10).master_for(name, socket_timeout=10)
    old = redis.Redis(port=old_port)
    count = 0
    for key in old.scan_iter(match=PREFIX + b"*", count=1000):
        if key.startswith(PREFIX + b"expires:"):
            continue
        session, expected = master.hgetall(key), old.hgetall(key)
        if session != expected:
            sys.exit(f"{key}: other fields")
        if master.pexpiretime(key) != old.pexpiretime(key):
            sys.exit(f"{key}: another expiry")
        created, accessed = number(session[b"creationTime"]), number(session[b"lastAccessedTime"])
        if not created <= accessed or number(session[b"maxInactiveInterval"]) != 1800:
            sys.exit(f"{key}: times that no session has")
        context = javaobj.loads(session[b"sessionAttr:SPRING_SECURITY_CONTEXT"])
        if context.authentication.principal is None:
            sys.exit(f"{key}: no principal")
        count += 1
    print(count, "sessions read and decoded")


main()
