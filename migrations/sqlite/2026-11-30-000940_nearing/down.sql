-- The days that were cleared stay so: each list is the same without them.
DROP INDEX reports_nearing;
