// One server for one directory. The lock is one of the file system, held through SQLite: it ends with the process, however that ends.
import { DatabaseSync } from "node:sqlite";

/** Takes the lock, waiting for a process that is just ending; throws where another has it. Answers a way to give it back. */
export function lockFile(file: string, patienceMs: number): () => void {
  const db = new DatabaseSync(file, { timeout: patienceMs });
  try {
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    throw error;
  }
  return () => db.close();
}
