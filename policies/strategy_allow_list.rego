# Which strategies may trade, in which markets, and down to which drawdown.
#
# The names and the number stand in data.json. OPA orders values of different types (null < false < 1 < "a"), other
# engines order them in other ways, and `not` holds for what is missing: so every condition says its types first.
package hive.strategy_allow_list

import rego.v1

default allow := false

allow if {
	strategy_is_allowed
	drawdown_is_below_limit
	market_is_unrestricted
}

reasons contains "strategy_not_allowed" if not strategy_is_allowed

reasons contains "drawdown_too_deep" if not drawdown_is_below_limit

reasons contains "market_restricted" if not market_is_unrestricted

default strategy_is_allowed := false

strategy_is_allowed if {
	is_string(input.intent.strategy)
	input.intent.strategy in data.hive.limits.strategies_allowed
}

default drawdown_is_below_limit := false

# Parts per million of the highest equity, rounded up: 5 % is 50000.
drawdown_is_below_limit if {
	is_number(input.account.drawdown_ppm)
	is_number(data.hive.limits.drawdown_below_ppm)
	input.account.drawdown_ppm >= 0
	input.account.drawdown_ppm < data.hive.limits.drawdown_below_ppm
}

default market_is_unrestricted := false

market_is_unrestricted if {
	is_string(input.intent.market)
	input.intent.market != ""
	is_array(data.hive.limits.markets_restricted)
	not input.intent.market in data.hive.limits.markets_restricted
}
