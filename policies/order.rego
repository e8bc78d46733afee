# The order policy: every part must say yes, and none may have a reason against.
#
# A part that is missing says nothing, and nothing is no yes. Add a part here in both rules.
package hive.order

import rego.v1

default answer := {"allow": false, "reasons": ["no_part_decided"]}

answer := {"allow": true, "reasons": []} if {
	data.hive.operating_mode.allow == true
	data.hive.gate_numbers.allow == true
	data.hive.firm_policy.allow == true
	data.hive.strategy_allow_list.allow == true
	count(reasons) == 0
}

answer := {"allow": false, "reasons": sort(reasons)} if count(reasons) > 0

reasons contains reason if some reason in data.hive.operating_mode.reasons

reasons contains reason if some reason in data.hive.gate_numbers.reasons

reasons contains reason if some reason in data.hive.firm_policy.reasons

reasons contains reason if some reason in data.hive.strategy_allow_list.reasons
