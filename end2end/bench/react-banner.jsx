// The license banner as one would write it in React, to compare with: the same behaviour, words and style.
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import css from "../../frontend/banner/src/banner.css";
import wordings from "wordings";

const hour = 3_600_000;

function useLicenseStatus(src, seconds) {
  const [status, setStatus] = useState();
  useEffect(() => {
    let asked = 0;
    let timer;
    const ask = async () => {
      clearTimeout(timer);
      if (asked && document.hidden) return;
      asked = Date.now();
      try {
        const reply = await fetch(src, { cache: "no-cache" });
        const next = await reply.json();
        if (reply.ok && typeof next.warn === "boolean") setStatus(next);
      } catch {
        // The next time.
      }
      timer = setTimeout(ask, seconds * 1000);
    };
    const visible = () => !document.hidden && Date.now() - asked > hour && ask();
    document.addEventListener("visibilitychange", visible);
    ask();
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", visible);
    };
  }, [src, seconds]);
  return status;
}

function message(words, status) {
  if (!words || status.state !== "expiring") return words?.[status.state] ?? status.message;
  const days = status.days_until_expiration;
  const unit = words.days[new Intl.PluralRules(words.tag).select(days)] ?? words.days.other;
  return words.expiring[0] + unit.replace("#", days.toLocaleString(words.tag)) + words.expiring[1];
}

function LicenseBanner({ src = "/api/license-status", pollSeconds = 3600, lang = document.documentElement.lang }) {
  const status = useLicenseStatus(src, pollSeconds);
  const [closed, setClosed] = useState(false);
  if (!status?.warn || closed) return null;
  const words = wordings.find(({ tag }) => tag === lang) ?? wordings.find(({ tag }) => tag.startsWith(lang.split("-")[0]));
  return (
    <>
      <style>{css}</style>
      <div role="alert" lang={words?.tag ?? "en"} dir={words?.direction ?? "ltr"}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 3 1.5 21h21zM12 9.5v5.5M12 17.8v.4" />
        </svg>
        <p>{message(words, status)}</p>
        <button type="button" aria-label={words?.close ?? "Close"} onClick={() => setClosed(true)}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M6 6l12 12M18 6 6 18" />
          </svg>
        </button>
      </div>
    </>
  );
}

createRoot(document.getElementById("root")).render(<LicenseBanner />);
