import { useParams } from "react-router";

export function Conversation() {
  const { id } = useParams();
  return <h1>Conversation {id}</h1>;
}
