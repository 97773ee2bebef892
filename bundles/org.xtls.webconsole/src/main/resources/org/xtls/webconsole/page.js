// Keeps the page up to date and sends decisions, without loading it again. What it puts into the page is HTML of this
// server, encoded there.
(function () {
    'use strict';

    var INTERVAL = 2000;
    var LONGEST_INTERVAL = 30000;

    var page = document.getElementById('xtls');
    var message = document.getElementById('xtls-message');
    var version = page.dataset.version;
    var interval = INTERVAL;
    var timer;
    var shown = {};

    // What two inline scripts in the web console's header would do, if the policy of this page let them.
    window.appRoot = page.dataset.console;
    window.pluginRoot = page.dataset.root;
    if (window.jQuery && window.jQuery.fn.menu) {
        window.jQuery('#navmenu').menu({
            position: {my: 'left top', at: 'left bottom'},
            classes: {'ui-menu': 'ui-corner-all'}
        });
    }

    function say(text) {
        message.textContent = text;
        message.hidden = text === '';
    }

    function show(state) {
        version = state.version;
        Object.keys(state.sections).forEach(function (name) {
            if (shown[name] !== state.sections[name]) {
                shown[name] = state.sections[name];
                var section = document.getElementById('xtls-' + name);
                section.innerHTML = state.sections[name];
                if (window.initStaticWidgets) {
                    window.initStaticWidgets(section); // the web console's look of tables and buttons
                }
            }
        });
        page.dataset.version = version;
    }

    function poll() {
        window.clearTimeout(timer);
        return fetch(page.dataset.root + '/state.json?have=' + encodeURIComponent(version), {cache: 'no-store'})
            .then(function (response) {
                if (!response.ok) {
                    throw new Error(response.status);
                }
                return response.json();
            })
            .then(function (state) {
                show(state);
                page.classList.remove('xtls-stale');
                interval = INTERVAL;
            })
            .catch(function () {
                page.classList.add('xtls-stale'); // what is shown may not be so any more
                interval = Math.min(2 * interval, LONGEST_INTERVAL);
            })
            .then(function () {
                window.clearTimeout(timer);
                timer = window.setTimeout(poll, interval);
            });
    }

    page.addEventListener('submit', function (event) {
        event.preventDefault();
        var form = event.target;
        var decision = new URLSearchParams(new FormData(form));
        decision.append(event.submitter.name, event.submitter.value);
        form.querySelectorAll('button').forEach(function (button) {
            button.disabled = true;
        });
        fetch(form.action, {method: 'POST', body: decision, redirect: 'manual'})
            .then(function (response) {
                // Done is a redirect to this page.
                return response.type === 'opaqueredirect' ? '' : response.text();
            })
            .catch(function () {
                return 'The web console does not answer; nothing is known of what became of it.';
            })
            .then(function (text) {
                say(text);
                version = ''; // all of it: the buttons too
                delete shown.keys;
                return poll();
            });
    });

    document.addEventListener('visibilitychange', function () {
        if (document.hidden) {
            window.clearTimeout(timer);
        } else {
            poll();
        }
    });

    timer = window.setTimeout(poll, interval);
})();
