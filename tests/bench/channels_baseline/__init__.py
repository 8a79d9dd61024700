"""The baseline of live delivery: a textbook chat on Django Channels and Redis, with its messages kept.

Its people, channels and sessions are the site's. It renders nothing, checks once who may listen, and what
Redis or a consumer drops is lost.
"""
