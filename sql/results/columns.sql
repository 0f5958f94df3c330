-- Columns of the table or view $table, whose name as text is $name, and what they mean.
SELECT described.column_name, described.column_type, comment AS meaning
FROM (DESCRIBE FROM $table) AS described
LEFT JOIN duckdb_columns() AS there
  ON lower(there.table_name) = lower($name) AND there.column_name = described.column_name AND NOT there.internal
ORDER BY there.column_index
