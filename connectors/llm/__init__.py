"""Language models of vendors, and of servers that speak as they do, through the vendors' own SDKs.

An SDK is imported when the first call is made and not before: each takes about a second to load.
"""
