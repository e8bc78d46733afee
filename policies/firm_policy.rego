# What the firm says of the ways in which this order comes about: signals of others, copying, machines, servers.
#
# `uses` names every way that this order takes. A way that the firm allows is free; one that it restricts, or of
# which nobody knows what it says, needs a person who has read the rule; one that it forbids is closed to everybody.
package hive.firm_policy

import rego.v1

default allow := false

allow if {
	ways_are_named
	count(ways_forbidden) == 0
	count(ways_unconfirmed) == 0
}

reasons contains "ways_not_named" if not ways_are_named

reasons contains "firm_forbids_a_way" if count(ways_forbidden) > 0

reasons contains "way_needs_a_person" if count(ways_unconfirmed) > 0

default ways_are_named := false

# Without a list of known ways OPA finds none unknown, so the list has to be there.
ways_are_named if {
	is_array(input.intent.uses)
	is_array(data.hive.limits.ways)
	count(ways_unknown) == 0
}

ways_unknown contains way if {
	is_array(input.intent.uses)
	some way in input.intent.uses
	not way in data.hive.limits.ways
}

ways_forbidden contains way if {
	is_array(input.intent.uses)
	some way in input.intent.uses
	input.firm_policy[way] == "forbidden"
}

ways_unconfirmed contains way if {
	is_array(input.intent.uses)
	some way in input.intent.uses
	not way_is_free(way)
	not way_is_confirmed(way)
}

way_is_free(way) if input.firm_policy[way] == "allowed"

way_is_confirmed(way) if {
	input.intent.confirmed_by_person == true
	input.firm_policy[way] in ["own_accounts_only", "restricted", "unknown"]
}
