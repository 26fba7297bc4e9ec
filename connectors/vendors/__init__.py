"""Where feedback comes from: one module or package for each vendor, which says ``VENDOR = …`` (``port.Vendor``).

A new vendor is a module here and a folder of fixtures; nothing else names it.
"""
