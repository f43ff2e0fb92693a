"""What every command prints with `--json`: members, types and meanings, each told in one place.

Commands build what they print of these, tests hold what they print to them, and
`docs/command-json.md` is written from them (`make json`). Scripts rely on the members: some may be
added, none is renamed or taken away. `commands` says which command prints which.
"""
