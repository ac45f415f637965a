"""What we look for: rule files -> rule set -> matcher -> matches with evidence.

Being built; the public names are to be: RulesSettings, load(folder) -> RuleSet, fingerprint(folder),
compile_rules(rule_set, today=...) -> Matcher, Matcher.match(item), Matcher.explain(item),
Matcher.rules, run_tests(rule_set) -> failures, lint(rule_set) -> warnings, jsonl.
"""
