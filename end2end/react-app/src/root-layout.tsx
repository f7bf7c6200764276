import { LicenseWarningBanner, type LicenseStatus } from "@ohe/license-banner/react";
import { useState } from "react";
import { Link, Outlet } from "react-router";

const languages = ["en", "de", "ar"];

/** As OHE's root layout: the banner above everything, and the pages below it. */
export function RootLayout() {
  const [lang, setLang] = useState("en");
  const [status, setStatus] = useState<LicenseStatus>();
  return (
    <>
      <LicenseWarningBanner lang={lang} pollSeconds={600} onLicenseStatus={setStatus} />
      <nav aria-label="OpenHands">
        <Link to="/">Home</Link> <Link to="/conversations/1">A conversation</Link>
        {languages.map((language) => (
          <button key={language} type="button" onClick={() => setLang(language)}>
            {language}
          </button>
        ))}
      </nav>
      <output aria-label="License state">{status?.state}</output>
      <main>
        <Outlet />
      </main>
    </>
  );
}
