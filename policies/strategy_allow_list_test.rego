package hive.strategy_allow_list_test

import rego.v1

import data.hive.strategy_allow_list

limits := {
	"strategies_allowed": ["mean_reversion", "trend_following"],
	"markets_restricted": ["restricted_fx", "illiquid_crypto"],
	"drawdown_below_ppm": 50000,
}

order(strategy, drawdown_ppm, market) := {
	"account": {"drawdown_ppm": drawdown_ppm},
	"intent": {"strategy": strategy, "market": market},
}

answer := {"allow": strategy_allow_list.allow, "reasons": strategy_allow_list.reasons}

allowed := {"allow": true, "reasons": set()}

denied(reasons) := {"allow": false, "reasons": reasons}

test_listed_strategies_trade if {
	every strategy in limits.strategies_allowed {
		answer == allowed with input as order(strategy, 0, "EURUSD") with data.hive.limits as limits
	}
}

test_another_strategy_does_not if {
	answer == denied({"strategy_not_allowed"}) with input as order("martingale", 0, "EURUSD")
		with data.hive.limits as limits
}

test_drawdown_ends_below_the_limit if {
	answer == allowed with input as order("mean_reversion", 49999, "EURUSD") with data.hive.limits as limits
	answer == denied({"drawdown_too_deep"}) with input as order("mean_reversion", 50000, "EURUSD")
		with data.hive.limits as limits
}

test_drawdown_is_a_number_and_not_negative if {
	every drawdown in [null, false, true, "1", [], {}, -1] {
		answer == denied({"drawdown_too_deep"}) with input as order("mean_reversion", drawdown, "EURUSD")
			with data.hive.limits as limits
	}
}

test_restricted_markets_are_closed if {
	every market in limits.markets_restricted {
		answer == denied({"market_restricted"}) with input as order("mean_reversion", 0, market)
			with data.hive.limits as limits
	}
}

test_a_market_is_a_name if {
	every market in ["", null, 7, ["EURUSD"], {}] {
		answer == denied({"market_restricted"}) with input as order("mean_reversion", 0, market)
			with data.hive.limits as limits
	}
}

everything := {"strategy_not_allowed", "drawdown_too_deep", "market_restricted"}

test_nothing_denies_for_every_reason if {
	answer == denied(everything) with input as {} with data.hive.limits as limits
	answer == denied(everything) with input as null with data.hive.limits as limits
}

test_without_limits_nothing_is_allowed if {
	answer == denied(everything) with input as order("mean_reversion", 0, "EURUSD") with data.hive.limits as {}
}
