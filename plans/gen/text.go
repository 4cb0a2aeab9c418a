package main

import (
	"fmt"
	"strings"
)

// Words of the invented world that the events come from.
var (
	firstNames = []string{"Ada", "Björn", "Chiara", "Dmitri", "Élodie", "Farid", "Grete", "Hiro", "İpek", "Jürgen", "Kofi", "Lena", "Małgorzata", "Noor", "Ólafur", "Priya", "Quentin", "Rosa", "Søren", "Tove", "Uma", "Věra", "Wen", "Ximena", "Yara", "Zoë"}
	lastNames  = []string{"Abernathy", "Brandt-Møller", "Castellanos", "Dąbrowski", "Engström", "Fairweather", "Gonçalves", "Hollenbeck", "Ivanova", "Jankovič", "Köhler-Lindt", "Lindqvist", "Marchetti", "Nakagawa", "O'Sullivan", "Papadakis", "Quillfeather", "Rosenquist", "Sánchez-Vega", "Thistlewood", "Underhill", "Vandersloot", "Winterbourne", "Yıldırım", "Zimmermann"}
	cities     = []string{"Aalborg Ø", "Bielefeld", "Coimbra Norte", "Debrecen", "Eskilstuna", "Fredrikstad", "Göteborg", "Harrogate", "Innsbruck", "Jönköping", "Kraków Południe", "Ljubljana", "Montpellier", "Neuchâtel", "Oldenburg", "Perpignan", "Regensburg", "Santander", "Trondheim", "Valladolid", "Winterthur"}
	streets    = []string{"Ahornallee", "Bäckerstraße", "Canal Row", "Dyers' Lane", "Eichenweg", "Fabriksgatan", "Glockengasse", "Harbour Walk", "Impasse des Tilleuls", "Kirkegata", "Lime Kiln Close", "Mühlenstraße", "Old Tannery Yard", "Quai du Séminaire", "Rope Street", "Søndergade", "Via dei Mulini"}
	countries  = []string{"AT", "BE", "CH", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "IE", "IT", "LT", "NL", "NO", "PL", "PT", "SE", "SI"}
	currencies = []string{"CHF", "CZK", "DKK", "EUR", "GBP", "NOK", "PLN", "SEK", "USD", "USDC"}
	languages  = []string{"bash", "dart", "java", "lisp", "lua", "nim", "odin", "perl", "php", "ruby", "rust", "zig", "sql", "css"}
	zones      = []string{"EU-1", "EU-2", "EU-3", "N14", "N22", "S07", "W31", "UK-9", "CH-4"}
	states     = []string{"pending", "settled", "refused", "partial", "expired", "waiting", "closed", "opened", "on hold", "review"}
	modes      = []string{"manual", "instant", "standing", "delayed", "batched", "offline"}
	carriers   = []string{"NordFracht", "Swift & Sons", "Möwe Express", "Parcelwright", "Kurier-Ost", "Blue Heron", "Via Rapida", "Tern Logistics"}
	couriers   = []string{"van 12", "bike 3", "truck 40", "rail", "drone 7", "ferry 2", "depot", "locker 9"}
	services   = []string{"overnight, insured", "two days, by ground", "economy with tracking", "same day before 18:00", "cold chain, 2 to 8 °C", "pick-up at the counter", "weekend and evenings"}
	payments   = []string{"payment.capture.completed", "payment.refund.requested", "payment.dispute.opened", "payment.mandate.revoked", "payment.payout.returned", "payment.card.tokenised"}
	shipments  = []string{"shipment.label.printed", "shipment.customs.cleared", "shipment.delivery.failed", "shipment.parcel.scanned", "shipment.pickup.confirmed", "shipment.return.announced"}
	pushes     = []string{"repository.push.branch", "repository.tag.created", "repository.review.requested", "repository.merge.completed", "repository.check.failed"}
	actions    = []string{"created", "pushed", "merged", "reopened", "rebased", "labeled", "synced"}
	branches   = []string{"develop", "main-2", "staging", "fix/413", "docs/faq", "hotfix", "release"}
	repos      = []string{"billing-core", "heron/webhooks", "parcel-router", "ledger-tools", "stock-keeper", "mail-relay", "print-server"}
	refs       = []string{"refs/tags/v1.4", "refs/tags/v2.0", "refs/heads/dev", "refs/heads/main", "refs/pull/88"}
	merchants  = []string{"Heron Books", "Café Åland", "Tool & Twine", "Kerzenwerk", "Nordlys Optik", "Old Mill Bread", "Piñata Toys", "Velo Atelier"}
	mailboxes  = []string{"accounts.payable", "billing+quarterly", "front-desk.returns", "night.dispatch", "orders+automatic", "warehouse.north"}
	hosts      = []string{"example.com", "mail.example.org", "parcels.example.net", "shop.example.com"}
	tagWords   = []string{"urgent", "fragile", "retry", "export", "priority", "audit", "gift", "bulk", "legal", "beta", "customs", "refund", "vip", "night", "prepaid", "partner", "season", "pallet", "sample", "recheck"}
	words      = strings.Fields(`the a an of to and for with from after before while until order parcel invoice courier counter
		customer signature warehouse payment refund total amount please ring twice leave deliver collect return confirm
		repeat second attempt gate door floor yard window early late morning evening Tuesday Friday weekend holiday
		printed damaged sealed wrapped labelled weighed counted missing complete partial urgent quiet heavy light
		naïve façade café Übergabe Straße señor año crème déjà zażółć smörgås čekání ελιά заказ 注文 配送 주문
		see note number above below again never always once only because although whether between toward within`)
	asides = []string{`"fragile"`, `"do not bend"`, `C:\labels\out`, `\\share\scans`, "\n", "\n", "\n- ", "\t", "<b>now</b>", "50 % off", "a/b", "🚚", "📦", "✓", "{draft}", "O'Hara & Co", "\u0007", "#42"}
)

// person is somebody's name.
func person(r *random) string {
	name := r.pick(firstNames) + " " + r.pick(lastNames)
	if r.chance(3) {
		name = r.pick(firstNames) + " " + string(rune('A'+r.below(26))) + ". " + r.pick(lastNames)
	}
	return name
}

// email is a mailbox at a host that nobody owns.
func email(r *random) string {
	return r.pick(mailboxes) + "." + r.digits(r.between(2, 6)) + "@" + r.pick(hosts)
}

// link is a URL at such a host.
func link(r *random, path string) string {
	return "https://" + r.pick(hosts) + "/" + path + "/" + r.hex(r.between(8, 24))
}

// address is a street, a number, a postcode and a place.
func address(r *random) string {
	return fmt.Sprintf("%s %d, %s-%s %s", r.pick(streets), r.between(1, 240), r.pick(countries), r.digits(5), r.pick(cities))
}

// within calls text until its result has from low to high bytes.
func within(low, high int, text func() string) string {
	for range 10_000 {
		if s := text(); len(s) >= low && len(s) <= high {
			return s
		}
	}
	panic(fmt.Sprintf("no text of %d to %d bytes", low, high))
}

// prose is running text that takes about size bytes as a JSON string, with
// quotes, backslashes and line breaks in it.
func prose(r *random, w writer, size int) string {
	text := r.pick(words)
	now := len(w.quote(text))
	for {
		next := " " + r.pick(words)
		if r.chance(9) {
			next = " " + r.pick(asides)
		}
		then := now + len(w.quote(next)) - len(`""`)
		if then-size > size-now { // further from the size than now
			return text
		}
		text, now = text+next, then
	}
}
