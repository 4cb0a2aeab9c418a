// What a page does only while its run goes on: it puts what the server tells into
// place, and asks for the report when its figures have changed. Each message says
// all there is, so only the latest has to be remembered.
(() => {
	'use strict';
	const report = document.getElementById('report');
	let now = document.getElementById('now');
	let figures = Number(now.dataset.figures);
	const site = now.dataset.site; // which server this page is of
	let latest = null, busy = false, source = null;
	let ended = false; // the server has said its last word

	// fetched gives what the server has under a path; nothing where it has gone.
	const fetched = async (path) => {
		const answer = await fetch(path);
		if (!answer.ok) throw new Error(path + ': ' + answer.status);
		return answer;
	};

	// put puts values into place.
	const put = (values) => {
		for (const e of now.querySelectorAll('[data-text]')) {
			const text = values[e.dataset.text] ?? '';
			if (e.textContent !== text) e.textContent = text;
		}
		for (const e of now.querySelectorAll('[data-d]')) e.setAttribute('d', values[e.dataset.d] ?? '');
		for (const e of now.querySelectorAll('[data-value]')) {
			const value = values[e.dataset.value] ?? '';
			if (value === '') e.removeAttribute('value');
			else e.value = Number(value);
		}
		for (const e of now.querySelectorAll('[data-mark-of]')) e.dataset.mark = values[e.dataset.markOf] ?? '';
		for (const e of now.querySelectorAll('[data-bad-of]')) e.dataset.bad = values[e.dataset.badOf] ?? '';
	};

	// reframe has the part that shows what happens now laid out anew.
	const reframe = async () => {
		const open = now.querySelector('details').open;
		const box = document.createElement('template');
		box.innerHTML = await (await fetched('now')).text();
		const fresh = box.content.getElementById('now');
		if (ended) return;
		if (fresh.dataset.site !== site) {
			location.reload();
			return;
		}
		if (now.dataset.frame.startsWith('rounds') === fresh.dataset.frame.startsWith('rounds')) fresh.querySelector('details').open = open;
		now.replaceWith(fresh);
		now = fresh;
	};

	// refill has the report drawn anew.
	const refill = async () => {
		const answer = await fetched('report');
		const text = await answer.text();
		figures = Number(answer.headers.get('X-Figures'));
		report.innerHTML = text;
		window.stepper?.enhance?.(report);
	};

	const pause = (ms) => new Promise((done) => setTimeout(done, ms));

	// settle asks for what the latest message says is there and this page has not.
	const settle = async () => {
		if (busy) return;
		busy = true;
		while (source && (latest.frame !== now.dataset.frame || latest.figures !== figures)) {
			try {
				if (latest.frame !== now.dataset.frame) await reframe();
				if (latest.figures !== figures) await refill();
				if (latest.frame === now.dataset.frame) put(latest.values);
				connected(true);
				await pause(200); // what was asked for may be newer than the message
			} catch {
				if (!ended) connected(false);
				await pause(1000);
			}
		}
		busy = false;
	};

	const take = (message) => {
		connected(true);
		latest = JSON.parse(message.data);
		if (latest.site !== site) {
			location.reload(); // another run goes by this address now
			return;
		}
		if (latest.frame === now.dataset.frame) put(latest.values);
		if (latest.frame.startsWith('failed')) {
			// The server ends with this message: nothing more can be asked for.
			ended = true;
			now.querySelector('[data-text=head]').textContent = latest.values.head + ': ' + latest.values.note;
			close();
			return;
		}
		settle();
	};

	const connected = (yes) => { now.querySelector('.now-lost').hidden = yes; };

	const open = () => {
		if (source || ended) return;
		source = new EventSource('events');
		source.onmessage = take;
		source.addEventListener('over', async () => {
			ended = true;
			close();
			try {
				await fetched('.');
			} catch {
				// What is on the screen is better than an error.
				now.querySelector('.now-lost').textContent = 'The run is over, and so is this page';
				connected(false);
				return;
			}
			location.reload();
		});
		source.onerror = () => {
			connected(false);
			// A server that refuses is asked again, too.
			if (source && source.readyState === EventSource.CLOSED) {
				close();
				setTimeout(() => { if (!document.hidden) open(); }, 3000);
			}
		};
	};
	const close = () => {
		source?.close();
		source = null;
	};

	// A page that nobody sees costs the run nothing.
	document.addEventListener('visibilitychange', () => document.hidden ? close() : open());
	window.addEventListener('pagehide', close);
	window.addEventListener('pageshow', (e) => { if (e.persisted) open(); });
	if (!document.hidden) open();
})();
