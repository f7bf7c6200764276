//! The words.

use super::{Days, Language};

/// By tag.
pub(crate) static LANGUAGES: [Language; 13] = [
    Language {
        tag: "ar",
        direction: "rtl",
        close: "إغلاق",
        pending: "التحقق من ترخيص OpenHands Enterprise قيد الانتظار. يرجى التأكد من الاتصال بالشبكة.",
        expiring: [
            "ستنتهي صلاحية ترخيص OpenHands Enterprise الخاص بك خلال ",
            ". يرجى الاتصال بالدعم إذا استمرت هذه المشكلة.",
        ],
        days: Days::Arabic(["يوم واحد", "يومين", " أيام", " يومًا", " يوم"]),
        expired: "انتهت صلاحية ترخيص OpenHands Enterprise الخاص بك. يرجى الاتصال بالدعم فورًا.",
    },
    Language {
        tag: "de",
        direction: "ltr",
        close: "Schließen",
        pending: "Die Lizenz für OpenHands Enterprise ist noch nicht bestätigt. Bitte stellen Sie die Netzwerkverbindung sicher.",
        expiring: [
            "Ihre Lizenz für OpenHands Enterprise läuft in ",
            " ab. Bitte wenden Sie sich an den Support, wenn das Problem weiterhin besteht.",
        ],
        days: Days::OneOther(" Tag", " Tagen"),
        expired: "Ihre Lizenz für OpenHands Enterprise ist abgelaufen. Bitte wenden Sie sich umgehend an den Support.",
    },
    Language {
        tag: "es",
        direction: "ltr",
        close: "Cerrar",
        pending: "La verificación de la licencia de OpenHands Enterprise está pendiente. Compruebe la conexión de red.",
        expiring: [
            "Su licencia de OpenHands Enterprise caducará en ",
            ". Póngase en contacto con el soporte si el problema persiste.",
        ],
        days: Days::OneOther(" día", " días"),
        expired: "Su licencia de OpenHands Enterprise ha caducado. Póngase en contacto con el soporte de inmediato.",
    },
    Language {
        tag: "fr",
        direction: "ltr",
        close: "Fermer",
        pending: "La vérification de la licence OpenHands Enterprise est en attente. Veuillez vérifier la connexion réseau.",
        expiring: [
            "Votre licence OpenHands Enterprise expirera dans ",
            ". Veuillez contacter le support si le problème persiste.",
        ],
        days: Days::NoneOrOneOther(" jour", " jours"),
        expired: "Votre licence OpenHands Enterprise a expiré. Veuillez contacter le support immédiatement.",
    },
    Language {
        tag: "it",
        direction: "ltr",
        close: "Chiudi",
        pending: "La verifica della licenza di OpenHands Enterprise è in sospeso. Verificare la connessione di rete.",
        expiring: [
            "La licenza di OpenHands Enterprise scadrà tra ",
            ". Contattare l’assistenza se il problema persiste.",
        ],
        days: Days::OneOther(" giorno", " giorni"),
        expired: "La licenza di OpenHands Enterprise è scaduta. Contattare immediatamente l’assistenza.",
    },
    Language {
        tag: "ja",
        direction: "ltr",
        close: "閉じる",
        pending: "OpenHands Enterprise のライセンスはまだ確認されていません。ネットワーク接続を確認してください。",
        expiring: [
            "OpenHands Enterprise のライセンスはあと",
            "で期限切れになります。問題が解決しない場合は、サポートにお問い合わせください。",
        ],
        days: Days::Same("日"),
        expired: "OpenHands Enterprise のライセンスは期限切れです。至急サポートにお問い合わせください。",
    },
    Language {
        tag: "ko-KR",
        direction: "ltr",
        close: "닫기",
        pending: "OpenHands Enterprise 라이선스 확인이 보류 중입니다. 네트워크 연결을 확인해 주세요.",
        expiring: ["OpenHands Enterprise 라이선스가 ", " 후에 만료됩니다. 문제가 계속되면 지원팀에 문의해 주세요."],
        days: Days::Same("일"),
        expired: "OpenHands Enterprise 라이선스가 만료되었습니다. 즉시 지원팀에 문의해 주세요.",
    },
    Language {
        tag: "no",
        direction: "ltr",
        close: "Lukk",
        pending: "Lisensen for OpenHands Enterprise er ikke bekreftet ennå. Sørg for at nettverkstilkoblingen fungerer.",
        expiring: [
            "Lisensen for OpenHands Enterprise utløper om ",
            ". Kontakt brukerstøtten hvis problemet vedvarer.",
        ],
        days: Days::OneOther(" dag", " dager"),
        expired: "Lisensen for OpenHands Enterprise er utløpt. Kontakt brukerstøtten umiddelbart.",
    },
    Language {
        tag: "pt",
        direction: "ltr",
        close: "Fechar",
        pending: "A verificação da licença do OpenHands Enterprise está pendente. Verifique a conexão de rede.",
        expiring: [
            "Sua licença do OpenHands Enterprise expirará em ",
            ". Entre em contato com o suporte se o problema persistir.",
        ],
        days: Days::OneOther(" dia", " dias"),
        expired: "Sua licença do OpenHands Enterprise expirou. Entre em contato com o suporte imediatamente.",
    },
    Language {
        tag: "tr",
        direction: "ltr",
        close: "Kapat",
        pending: "OpenHands Enterprise lisansının doğrulanması bekleniyor. Lütfen ağ bağlantısını kontrol edin.",
        expiring: [
            "OpenHands Enterprise lisansınızın süresi ",
            " içinde dolacak. Sorun devam ederse lütfen destek ekibiyle iletişime geçin.",
        ],
        days: Days::Same(" gün"),
        expired: "OpenHands Enterprise lisansınızın süresi doldu. Lütfen hemen destek ekibiyle iletişime geçin.",
    },
    Language {
        tag: "uk",
        direction: "ltr",
        close: "Закрити",
        pending: "Ліцензію OpenHands Enterprise ще не підтверджено. Перевірте мережеве з’єднання.",
        expiring: [
            "Термін дії вашої ліцензії OpenHands Enterprise закінчиться через ",
            ". Якщо проблема не зникне, зверніться до служби підтримки.",
        ],
        days: Days::OneFewMany(" день", " дні", " днів"),
        expired: "Термін дії вашої ліцензії OpenHands Enterprise закінчився. Негайно зверніться до служби підтримки.",
    },
    Language {
        tag: "zh-CN",
        direction: "ltr",
        close: "关闭",
        pending: "OpenHands Enterprise 许可证正在等待验证。请确保网络连接正常。",
        expiring: ["您的 OpenHands Enterprise 许可证将在 ", "后过期。如果问题持续存在，请联系支持人员。"],
        days: Days::Same(" 天"),
        expired: "您的 OpenHands Enterprise 许可证已过期。请立即联系支持人员。",
    },
    Language {
        tag: "zh-TW",
        direction: "ltr",
        close: "關閉",
        pending: "OpenHands Enterprise 授權正在等待驗證。請確認網路連線正常。",
        expiring: ["您的 OpenHands Enterprise 授權將在 ", "後到期。如果問題持續發生，請聯絡支援人員。"],
        days: Days::Same(" 天"),
        expired: "您的 OpenHands Enterprise 授權已到期。請立即聯絡支援人員。",
    },
];
