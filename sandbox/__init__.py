"""Simulated institutions: servers that speak the real wire, keep their own records, fail realistically.

No real institution stands behind any of them, and every answer says so.
"""
