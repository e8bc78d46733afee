"""Sensors: what notices that there is work. Each keeps a cursor that passes only what is done."""
