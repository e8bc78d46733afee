"""The rules of firms' programmes: what a rule can say, the dated files that say it, what held on a day."""
