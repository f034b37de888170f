"""The pages with which a technician sets a hub up: open for half an hour, behind a code, on the home's own network.

`step.py` is what a step is, `app.py` the frame around them, `door.py` who may come in, `server.py` when.
"""
