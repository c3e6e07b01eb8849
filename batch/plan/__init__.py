"""What is to be done: checked posts and a snapshot of the site become a plan, without clock, file or network.

select.py       the posts that a person left out of this run, with the reason
find.py         the item that a post already is on the site, if any
accounts.py     the account that a post goes to
decisions.py    the decision table: (what is wanted, what was found) -> what is decided
compare.py      the fields in which an item differs from its row
reconcile.py    joins them: every post becomes exactly one step
blocks.py       what the site does not allow: plan, quota, a clock that is off
looks.py        posts that look like somebody else's
guard.py        stops a plan that withdraws or moves more than a sheet should without being asked
estimate.py     how many calls each way of sending takes
fingerprint.py  by what a reviewed plan is bound to the site
planfile.py     a plan as JSON and back, and whether the world has moved since
undo.py         the plan that puts back what a run did
"""
