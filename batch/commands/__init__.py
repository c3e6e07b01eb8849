"""What each command does: it joins the rooms for one purpose and returns an exit status. Only `cli.py` calls it."""
