DROP TABLE experiment_observations;
DROP TABLE experiment_plans;
DROP TABLE experiment_events;
DROP TABLE experiment_parties;
DROP TABLE experiment_reports;
DROP TABLE experiments;
DROP TABLE experiment_numbers;
