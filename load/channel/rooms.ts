/** Number of a user's room, from 0: rooms fill one after the other. Without rooms everybody is in the same. */
export const roomOf = (user: number, usersPerRoom: number | undefined): number =>
  usersPerRoom === undefined ? 0 : Math.floor(user / usersPerRoom);
