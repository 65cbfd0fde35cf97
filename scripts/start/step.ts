import { Listr } from "listr2";

/** Runs one step under its title, with a spinner, and gives back what it made. `say` shows what it is at. */
export async function step<T>(
  title: string,
  act: (say: (text: string) => void) => Promise<T>,
): Promise<T> {
  const made: T[] = [];
  await new Listr([
    {
      title,
      task: async (_, task) => {
        const say = (text: string) => {
          task.title = `${title}: ${text}`;
        };
        made.push(await act(say));
      },
    },
  ]).run();
  const [result] = made;
  return result as T;
}
