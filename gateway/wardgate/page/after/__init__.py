"""What whoever looks after a hub sees once it is set up, behind the same sign-in: its status, each device's page, what
was done. They are steps without a number: the frame of the technician's door does for them what it does for the six.
"""
