"""An account at OANDA, by its v20 REST interface and streams. `adapter` fits it to the broker port.

Sources of every rule: developer.oanda.com/rest-live-v20 (definitions, best practices) and the vendor's
OpenAPI document of the interface.
"""
