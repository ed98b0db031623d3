"""Servers that lie in every way, and a judge who knows the truth.

A proxy stands before the sandbox and changes the answers of a correct server in one way at a time,
on one route and at one spot of it; the tap reads through it in a warmed process, and the judge
compares what it wrote with what an honest run wrote. ``python -m lies --help`` tells the rest.
"""
