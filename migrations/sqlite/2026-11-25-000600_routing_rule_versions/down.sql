DROP TABLE routing_proposals;
DROP TABLE routing_outcomes;
DROP TABLE routing_rule_facets;
DROP TABLE routing_rule_versions;
