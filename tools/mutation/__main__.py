"""`python -m tools.mutation`. It imports nothing at first: a mutant's process imports it too."""

if __name__ == "__main__":
    from tools.mutation.command import main

    raise SystemExit(main())
