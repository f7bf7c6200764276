import "@ohe/license-banner";

/** The element itself in JSX, with its attributes and its event typed. */
export function Element() {
  return (
    <ohe-license-banner
      src="/api/license-status"
      poll-seconds={60}
      lang="de"
      onlicense-status={(event) => console.info(event.detail.days_until_expiration)}
    />
  );
}

export function listen(): void {
  document.querySelector("ohe-license-banner")?.addEventListener("license-status", ({ detail }) => {
    const message: string = detail.message;
    console.info(message);
  });
}

export function misuse() {
  // @ts-expect-error: it is a number of seconds
  return <ohe-license-banner poll-seconds={new Date()} />;
}
