DROP TABLE standard_texts;
