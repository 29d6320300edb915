// One server for one directory. The lock is one of the file system, held through SQLite: it ends with the process, however that ends.
import { DatabaseSync } from "node:sqlite";

/** How long the lock of a process that is just ending is waited for. */
const patienceMs = 2_000;

/** Takes the lock; throws where another process has it. Answers a way to give it back. */
export function lockFile(file: string): () => void {
  const db = new DatabaseSync(file, { timeout: patienceMs });
  try {
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    throw error;
  }
  return () => db.close();
}
