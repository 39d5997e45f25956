DROP TABLE endorsements;
DROP TABLE shared_versions;
