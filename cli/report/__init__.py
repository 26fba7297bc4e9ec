"""A run as one HTML file to send to a colleague: ``write_report``.

The file is complete in itself: no script, no font, no picture from anywhere, and a policy in its head that
forbids the browser to fetch any. What people wrote is escaped; only http and https addresses become links.
"""

from cli.report.page import is_report_about, render_report, write_report

__all__ = ["is_report_about", "render_report", "write_report"]
