// The named statements of sql/postgres/reports.sql.
import { namedStatements } from '../../sql/named.ts';

export const reportsSql = namedStatements('reports', [
  'recipient_rows',
  'line_rows',
  'attempts_of',
  'recipient',
  'broadcasts_of_contact',
  'broadcasts_of_file',
  'imports_of_file',
  'imports_of_contact',
]);
