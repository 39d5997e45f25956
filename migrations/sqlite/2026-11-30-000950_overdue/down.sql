DROP INDEX reports_to_come;
DROP INDEX reports_passed;
