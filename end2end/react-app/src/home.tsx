/** A page that scrolls. */
export function Home() {
  return (
    <>
      <h1>Home</h1>
      {Array.from({ length: 80 }, (_, index) => (
        <p key={index}>Conversation {index + 1}</p>
      ))}
    </>
  );
}
